"""The files of the linted project: from imports to files, and from files to outlines, for as long as a run lasts.

Nothing of the project is imported or executed, and no folder is walked: an import asks for the few
files that it may mean. What is installed is not the project's, and unknown.
"""
