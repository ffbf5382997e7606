"""A console to touch: signing in, administering and looking at customers, built on the library's public names."""
