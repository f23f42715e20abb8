"""The rules of key-work supervision as decisions (supervision section 6); importing the package registers them."""
