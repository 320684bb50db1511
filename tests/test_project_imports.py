"""From imports to files: layouts, relative imports, packages, names that are never the project's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flake8_session.project.imports import Imports
from flake8_session.project.layout import Layouts


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder that is the root of no project yet, below one that is."""
    (tmp_path / "outer.py").touch()
    (tmp_path / "setup.py").touch()
    root = tmp_path / "root"
    root.mkdir()
    return root


def make(root: Path, *files: str) -> None:
    """Makes empty files."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


def found(root: Path, module: str, imported: str, level: int = 0, src: tuple[str, ...] = ()) -> str | None:
    """What the import finds, relative to `root`."""
    layouts = Layouts([str(root / folder) for folder in src])
    target = Imports(layouts).target(str(root / module), imported, level)
    return None if target is None else target[len(str(root)) + 1 :].replace(os.sep, "/")


@pytest.mark.parametrize("mark", ["pyproject.toml", "setup.cfg", "setup.py", ".git"])
def test_the_root_is_the_nearest_folder_with_a_mark(tree: Path, mark: str) -> None:
    make(tree, mark, "db.py", "app/__init__.py", "app/use.py")
    assert found(tree, "app/use.py", "db") == "db.py"
    assert found(tree, "app/use.py", "app.use") == "app/use.py"
    assert found(tree, "app/use.py", "outer") is None


def test_sources_may_be_below_src(tree: Path) -> None:
    make(tree, "pyproject.toml", "src/app/__init__.py", "src/app/db.py", "tests/test_app.py")
    assert found(tree, "tests/test_app.py", "app.db") == "src/app/db.py"
    assert found(tree, "src/app/db.py", "app") == "src/app/__init__.py"


def test_folders_that_the_user_names_come_first(tree: Path) -> None:
    make(tree, "setup.cfg", "app.py", "server/lib/app.py", "tools/run.py")
    assert found(tree, "tools/run.py", "app") == "app.py"
    assert found(tree, "tools/run.py", "app", src=("server/lib",)) == "server/lib/app.py"


def test_a_package_starts_where_its_outermost_init_is_not(tree: Path) -> None:
    make(tree, ".git", "web/app/__init__.py", "web/app/db/__init__.py", "web/app/db/core.py")
    assert found(tree, "web/app/db/core.py", "app.db") == "web/app/db/__init__.py"


def test_a_mark_inside_of_a_package_is_not_where_its_imports_start(tree: Path) -> None:
    make(tree, ".git", "backend/app/setup.py", "backend/app/__init__.py", "backend/app/db/__init__.py")
    assert found(tree, "backend/app/db/use.py", "app.db") == "backend/app/db/__init__.py"


def test_a_repository_that_is_a_package_is_a_root_all_the_same(tree: Path) -> None:
    make(tree, ".git", "__init__.py", "app/__init__.py", "app/db.py")
    assert found(tree, "app/use.py", "app.db") == "app/db.py"
    assert found(tree, "app/use.py", "outer") is None


def test_a_script_finds_what_lies_beside_it(tree: Path) -> None:
    make(tree, ".git", "scripts/run.py", "scripts/helpers.py")
    assert found(tree, "scripts/run.py", "helpers") == "scripts/helpers.py"


def test_a_project_in_a_repository_finds_what_the_repository_has(tree: Path) -> None:
    make(tree, ".git", "common/db.py", "services/web/pyproject.toml", "services/web/app.py")
    assert found(tree, "services/web/app.py", "common.db") == "common/db.py"


def test_folders_without_an_init_are_packages_too(tree: Path) -> None:
    make(tree, "setup.py", "app/core/db.py", "app/use.py")
    assert found(tree, "app/use.py", "app.core.db") == "app/core/db.py"
    assert found(tree, "app/use.py", "app.core") == "app/core/"


def test_a_file_wins_over_a_folder_of_another_start(tree: Path) -> None:
    make(tree, "setup.py", "src/notes/readme.txt", "notes.py")
    assert found(tree, "use.py", "notes") == "notes.py"


def test_a_start_that_lacks_part_of_the_name_is_passed_over(tree: Path) -> None:
    make(tree, "setup.py", "src/app/__init__.py", "app/__init__.py", "app/db.py")
    assert found(tree, "use.py", "app.db") == "app/db.py"


def test_relative_imports_count_folders(tree: Path) -> None:
    make(tree, "setup.py", "app/__init__.py", "app/db.py", "app/web/__init__.py", "app/web/views.py")
    assert found(tree, "app/web/views.py", "", 1) == "app/web/__init__.py"
    assert found(tree, "app/web/__init__.py", "views", 1) == "app/web/views.py"
    assert found(tree, "app/web/views.py", "db", 2) == "app/db.py"
    assert found(tree, "app/web/views.py", "web.views", 2) == "app/web/views.py"
    assert found(tree, "app/web/views.py", "missing", 2) is None


def test_relative_imports_do_not_leave_the_project(tree: Path) -> None:
    make(tree, "setup.py", "use.py")
    assert found(tree, "use.py", "outer", 2) is None
    assert found(tree, "use.py", "outer", 40) is None


@pytest.mark.parametrize("name", ["sqlalchemy", "sqlmodel", "flask_sqlalchemy", "alembic", "logging"])
def test_some_names_are_never_the_projects(tree: Path, name: str) -> None:
    make(tree, "setup.py", f"{name}.py", f"app/{name}.py", "app/__init__.py", f"src/{name}/__init__.py")
    assert found(tree, "app/use.py", name) is None
    assert found(tree, "app/use.py", f"app.{name}") == f"app/{name}.py"
    assert found(tree, "app/use.py", name, 1) == f"app/{name}.py"


def test_packages_have_modules_inside(tree: Path) -> None:
    make(tree, "setup.py", "app/__init__.py", "app/db.py", "app/folder/deep.py")
    imports = Imports(Layouts())
    assert imports.inner(str(tree / "app/__init__.py"), "db") == str(tree / "app/db.py")
    assert imports.inner(str(tree / "app/__init__.py"), "folder") == str(tree / "app/folder") + os.sep
    assert imports.inner(str(tree / "app/folder") + os.sep, "deep") == str(tree / "app/folder/deep.py")
    assert imports.inner(str(tree / "app/__init__.py"), "missing") is None
    assert imports.inner(str(tree / "app/db.py"), "app") is None


def test_a_file_outside_of_any_project_knows_what_lies_beside_its_package(tmp_path: Path) -> None:
    make(tmp_path, "lone/app/__init__.py", "lone/app/use.py", "lone/app/db.py", "lone/other.py", "stray.py")
    if any((folder / mark).exists() for folder in tmp_path.parents for mark in (".git", "setup.py")):
        pytest.skip("the temporary folder is inside of a project")
    assert found(tmp_path, "lone/app/use.py", "app.db") == "lone/app/db.py"
    assert found(tmp_path, "lone/app/use.py", "other") == "lone/other.py"
    assert found(tmp_path, "lone/app/use.py", "stray") is None


def test_the_disk_is_asked_for_few_paths(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tree, "pyproject.toml", "app/__init__.py", *(f"app/module_{each}.py" for each in range(300)))
    asked: list[str] = []
    for name in ("isfile", "isdir", "lexists"):
        real = getattr(os.path, name)
        monkeypatch.setattr(os.path, name, lambda path, real=real: asked.append(path) or real(path))
    monkeypatch.setattr(os, "listdir", pytest.fail)
    monkeypatch.setattr(os, "scandir", pytest.fail)
    imports = Imports(Layouts())
    for _ in range(100):
        imports.target(str(tree / "app/use.py"), "numpy.linalg", 0)
        imports.target(str(tree / "app/use.py"), "app.module_7", 0)
    assert len(asked) < 40 + 5 * len(tree.parts)


def test_a_root_at_the_top_of_the_disk_is_a_root(monkeypatch: pytest.MonkeyPatch) -> None:
    top = os.path.abspath(os.sep)
    real = os.path.lexists
    mark = os.path.join(top, "pyproject.toml")
    monkeypatch.setattr(os.path, "lexists", lambda path: path == mark or real(path))
    layout = Layouts().of(os.path.join(top, "no", "such", "folder"))
    assert layout.bounds == top
    assert top in layout.starts


def test_links_that_lead_in_a_circle_are_not_followed(tree: Path) -> None:
    make(tree, "setup.py", "use.py")
    (tree / "loop").symlink_to(tree / "loop")
    (tree / "again").symlink_to(tree)
    assert found(tree, "use.py", "loop") is None
    assert found(tree, "use.py", "loop.db") is None
    assert found(tree, "use.py", "again.again.use") == "again/again/use.py"
