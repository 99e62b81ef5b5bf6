"""What speaks HTTP. Nothing below this room knows that there is a web."""
