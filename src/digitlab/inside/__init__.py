"""Inside: what goes on in a network, picture by picture and unit by unit."""
