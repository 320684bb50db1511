"""
## What it does
Says that the linter itself failed on a file, and so says nothing else about it.

## Why is this bad?
It is a defect of the linter, not of your code. It is reported as a finding, so that the other files
are still linted, and so that silence about this file is not taken for praise. Please report it,
with the file if you can.
"""
