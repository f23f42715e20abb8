"""One room per programme; rooms never import each other."""
