"""Programs run on real SQLAlchemy, and what the linter says of them held against what happened.

- `database`: one SQLite in memory behind connections whose statements can be made to fail
- `world`: the modules, models, engines and sessions that a program finds
- `choices`: every branch and every single failure, depth first
- `instrumenting`: hooks written into a program's syntax tree
- `witnesses`: what is noted down while a program runs
- `running`: a program's public functions, called in every way
- `verdicts`: the codes that the notes demand, line by line
- `grammar`, `shrinking`: random programs, and the small ones among them that show a disagreement
- `compare`: both sides held against each other, and the table

None of this is imported by the linter.
"""
