"""Long jobs: a row that says how far it is, and a thread that carries it out."""
