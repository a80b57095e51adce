"""The press: sheets become PDF. A door, because a compiler and the fonts are not ours."""
