"""Models from outside that draw: images in, candidates for shapes out."""
