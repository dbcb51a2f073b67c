"""From a view to a file: layout, pictures, and the formats of other programs."""
