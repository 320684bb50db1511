"""What it takes to run the rows of the knowledge tables on SQLite: a bench, states, calls."""
