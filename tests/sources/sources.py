"""What the sources promise about themselves. Each check takes the root of a source tree and returns what is wrong with
it, one text an offence: file, line, what was found and what to do."""

import ast
import pathlib
import re

# The folders of core/, lowest first. A folder may include itself and every folder of the rows above its own.
ORDER = [
    ["storage", "config", "device"],
    ["plugin", "images", "kernels"],
    ["data", "nn"],
    ["train"],
    ["phase"],
    ["method", "evaluate"],
    ["results"],
    ["experiment"],
    ["display"],
    ["tools/report", "tools/export"],
    ["tools/measure"],
]
# Of senet_base, which includes nothing of the other folders.
BASE = ["storage", "device", "images", "kernels"]
ROW = {folder: row for row, folders in enumerate(ORDER) for folder in folders}
# What the program is built from, which loads no library of ours, and what those files may include.
PROGRAM = {"cli/main.cpp", "cli/arguments.cpp", "cli/descriptions.cpp", "cli/output.cpp", "cli/limits.cpp"}
PROGRAM_INCLUDES = {"cli/arguments.h", "cli/descriptions.h", "cli/output.h", "cli/limits.h", "cli/threads.h", "config/joined.h",
                    "config/nearest.h"}
# Of methods and their steps. The teacher and the evaluation are no steps: every method has them.
NAMES = "senet|snl|deepreduce|sensitivity|mask|finetune|search|criticality|candidate|choice"
# What is written in results and nowhere else.
NAMES_OF_RESULTS = ("allocated|candidates|changes|curves|earlier_environments|held_out_accuracy|image_passes|mac_saving|"
                    "made_smaller|phases|reach_of_training|relu_saving|remarks|set_by_itself|settings_without_effect|"
                    "training_seconds|unknown_to_it|widths")
# The converter of old records of phases, which are JSON to it.
MAY_READ_RESULTS_BY_KEY = {"core/phase/record.cpp"}
MOST_LINES_OF_CORE = 10030
MOST_LINES_OF_BASE = 5625
MOST_LINES_OF_A_FUNCTION = 80
# Of the README at the root: what one reads before deciding.
MOST_LINES_OF_README = 120
MOST_COLUMNS_OF_README = 120

INCLUDE = re.compile(r'\s*#\s*include "(.+)"')


def files_of(root, *folders):
    return [file for folder in folders for file in sorted((root / folder).rglob("*"))
            if file.suffix in (".cpp", ".h", ".cu", ".cuh")]


def includes_of(file):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1]


def folder_of(path):
    """The folder of the order that a path below core/ lies in."""
    return next((folder for folder in ROW if path.startswith(folder + "/")), str(pathlib.PurePath(path).parent))


def may_include(path, included):
    own, other = folder_of(path), folder_of(included)
    if path in PROGRAM:
        return included in PROGRAM_INCLUDES
    if own == "cli/tools" or own == other:
        return True
    if own == "cli":
        return not other.startswith(("tools/", "cli/"))
    return own in ROW and other in ROW and ROW[other] < ROW[own] and (own not in BASE or other in BASE)


def wrong_arrows(root):
    """Includes between folders of the core that ORDER does not allow."""
    found = []
    for file in files_of(root, "core"):
        path = file.relative_to(root / "core").as_posix()
        for number, included in includes_of(file):
            if included.startswith("senet/") or included == "revision.h":
                continue
            if path.startswith("include/"):
                found.append(f'core/{path}:{number}: includes "{included}"; a header of the SDK includes only senet/…')
            elif not may_include(path, included):
                found.append(f'core/{path}:{number}: includes "{included}"; {folder_of(path)} may not include '
                             f"{folder_of(included)} (the order of folders stands in tests/sources/sources.py)")
    return found


def wrong_plugins(root):
    """Includes of a plugin that are neither the SDK's nor of a folder that it has sources in."""
    built = (root / "plugins/CMakeLists.txt").read_text()
    found = []
    for file in files_of(root, "plugins"):
        folder = file.parent.relative_to(root / "plugins").as_posix()
        for number, included in includes_of(file):
            own = (file.parent / included).exists() or any(
                f"{folder}/" in sources and f"{pathlib.PurePath(included).parent}/" in sources
                for sources in re.findall(r"senet_add_plugin\(([^)]*)\)", built))
            if not included.startswith("senet/") and not own:
                found.append(f'{file.relative_to(root)}:{number}: includes "{included}"; a plugin includes only '
                             "senet/… and its own headers")
    return found


def shared_spellings(root):
    """Private headers that are included by the same words as a header of the SDK."""
    core = root / "core"
    return [f"{file.relative_to(root)}: is included as one of the SDK's headers is; name its folder otherwise"
            for file in files_of(root, "core")
            if core / "include" not in file.parents and (core / "include" / file.relative_to(core)).exists()]


def compared_names(root):
    """Comparisons with a method's or a step's name outside core/method and the plugins."""
    name = rf'"(?:{NAMES})"'
    pattern = re.compile(rf"[!=]= *{name}|{name} *[!=]=|\bis_senet\b|[!=]= *kSenet\b")
    found = []
    for file in files_of(root, "core"):
        path = file.relative_to(root / "core").as_posix()
        if path.startswith("method/"):
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if pattern.search(line):
                found.append(f"core/{path}:{number}: compares a method's or step's name; ask the step or "
                             f"its declaration: {line.strip()}")
    return found


def results_read_by_key(root):
    """Fields of a result that are read from JSON by their names, in place of Result's members."""
    pattern = re.compile(rf'\.(?:at|contains|find|has|value)\("(?:{NAMES_OF_RESULTS})"|'
                         rf'\["(?:{NAMES_OF_RESULTS})"\](?! *=[^=])')
    return [f"{path}:{number}: reads a field of a result by its key; read the result by result_from(), and take the "
            f"struct's member: {line.strip()}"
            for file in files_of(root, "core", "plugins")
            if (path := file.relative_to(root).as_posix()) not in MAY_READ_RESULTS_BY_KEY
            for number, line in enumerate(file.read_text().splitlines(), 1) if pattern.search(line)]


def too_many_lines(root):
    """Whether senet_base, or senet_core, which is core/ without that, the SDK's headers, cli, display and tools, has
    grown beyond what was agreed."""
    lines = {"senet_base": 0, "senet_core": 0}
    for file in files_of(root, "core"):
        folder = file.relative_to(root / "core").parts[0]
        if folder not in ("include", "cli", "display", "tools"):
            lines["senet_base" if folder in BASE else "senet_core"] += len(file.read_text().splitlines())
    return [f"{library}: {lines[library]} lines, at most {most} are allowed; delete, or move to tools/ what running an "
            "experiment does not take"
            for library, most in (("senet_base", MOST_LINES_OF_BASE), ("senet_core", MOST_LINES_OF_CORE))
            if lines[library] > most]


def cpp_functions(file):
    """Each function of a file as clang-format leaves it, outside of classes and within one: the line that its body begins
    at, and the body's lines."""
    for level in (0, 2):
        opened, in_class = None, level == 0
        for number, line in enumerate(file.read_text().splitlines(), 1):
            indent = len(line) - len(line.lstrip())
            if level and indent == 0 and line:
                in_class = line.startswith(("class ", "struct "))
            if indent == level and line:
                if line.strip() == "}" and opened and in_class:
                    yield opened, number - opened - 1
                opened = None
            if line.endswith("{"):
                opened = opened or number


def long_functions(root):
    """C++ and Python functions with too many lines."""
    found = [(file, line, lines) for file in files_of(root, "core", "plugins", "tests")
             for line, lines in cpp_functions(file)]
    for file in [*(root / "scripts").glob("*"), *(root / "tests").rglob("*.py"), *(root / "core").rglob("*.py")]:
        if file.suffix == ".py" or file.read_bytes().startswith(b"#!/usr/bin/env python3"):
            found += [(file, node.lineno, node.end_lineno - node.lineno)
                      for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]
    return [f"{file.relative_to(root)}:{line}: a function of {lines} lines; at most {MOST_LINES_OF_A_FUNCTION} are "
            "allowed" for file, line, lines in found if lines > MOST_LINES_OF_A_FUNCTION]


def long_readme(root):
    """The README at the root, where it is longer than one reads, and its lines, where they are. Comments are not read."""
    text = (root / "README.md").read_text()
    lines = re.sub(r"<!--.*?-->\n", "", text, flags=re.DOTALL).splitlines()
    found = [f"README.md:{number}: {len(line)} characters; at most {MOST_COLUMNS_OF_README} are allowed"
             for number, line in enumerate(text.splitlines(), 1) if len(line) > MOST_COLUMNS_OF_README]
    if len(lines) > MOST_LINES_OF_README:
        found.append(f"README.md: {len(lines)} lines; at most {MOST_LINES_OF_README} are allowed: what is about one "
                     "folder belongs into that folder's README")
    return found


def dead_links(root):
    """Links of READMEs to files that are not there."""
    found = []
    for file in [root / "README.md", *(readme for folder in ("core", "experiments", "paper_figures", "plugins",
                                                             "results", "scripts", "tests")
                                       for readme in sorted((root / folder).rglob("README.md")))]:
        for number, line in enumerate(file.read_text().splitlines() if file.exists() else [], 1):
            found += [f"{file.relative_to(root)}:{number}: {link} is not there"
                      for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", line)
                      if "://" not in link and not (file.parent / link).exists()]
    return found


def paths_of_a_machine(root):
    """Committed results whose data lie where only the machine that made them has them."""
    return [f"{file.relative_to(root)}:{number}: {match[0]}; give the data by a path that the experiment's file has"
            for file in sorted((root / "results").rglob("*.json"))
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if (match := re.search(r'"dataset\.path": "/(?!usr/share/).*"', line))]
