"""Programs run on real SQLAlchemy, and what the linter says of them held against what happened.

- `database`, `tables`: one SQLite in memory behind connections whose statements can be made to fail
- `world`, `sessions`, `opaque`: the modules, watched sessions and opaque calls that a program finds
- `choices`, `injection`: every branch and every single failure, depth first
- `instrumenting`, `hooks`: what is written into a program's syntax tree, and what it calls
- `witnesses`, `activations`, `notes`, `instances`, `writes`: what is noted down while a program runs
- `neighbours`: the other modules of a project
- `frameworks`: FastAPI, Celery and pytest, which drive some of them
- `contexts`, `held`: tasks and threads, begun only when somebody waits for them
- `refusals`, `loud`: what SQLAlchemy refuses by rule, and the rules that only the fixtures break
- `running`: a program's public functions, called in every way
- `verdicts`: the codes that the notes demand, line by line
- `writing`, `phrases`, `blocks`, `outlines`, `grammar`: random programs; `shrinking`: the small ones
- `cases`: the fixtures' comments held against the runs
- `compare`: the linter held against the runs, and the table
- `fixing`, `logs`, `faults`: fixed programs held against those that they were made from

None of this is imported by the linter.
"""
