"""How the lab is spoken with over HTTP: the page's files, the interface for programs, and who may use them."""
