#!/usr/bin/env python3
"""Holds the sources to what they promise about themselves, and shows that each check can fail."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import sources

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Sources(unittest.TestCase):
    def holds(self, check):
        offences = check(ROOT)
        self.assertFalse(offences, "\n" + "\n".join(offences))

    def test_includes_follow_the_order_of_folders(self):
        self.holds(sources.wrong_arrows)

    def test_plugins_include_the_sdk_and_their_own(self):
        self.holds(sources.wrong_plugins)

    def test_no_private_header_is_spelled_as_one_of_the_sdk(self):
        self.holds(sources.shared_spellings)

    def test_nothing_compares_the_name_of_a_method_or_a_step(self):
        self.holds(sources.compared_names)

    def test_results_are_read_as_structs(self):
        self.holds(sources.results_read_by_key)

    def test_the_core_stays_small(self):
        self.holds(sources.too_many_lines)

    def test_functions_are_short(self):
        self.holds(sources.long_functions)

    def test_the_readme_is_short(self):
        self.holds(sources.long_readme)

    def test_readmes_lead_to_what_is_there(self):
        self.holds(sources.dead_links)

    def test_results_name_no_path_of_a_machine(self):
        self.holds(sources.paths_of_a_machine)


class MadeUp(unittest.TestCase):
    """A tree with one offence of each kind."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("plugins/CMakeLists.txt", "senet_add_plugin(a models/a/a.cpp)\n")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def finds(self, check, *places):
        self.assertEqual([offence.split(": ")[0] for offence in check(self.root)], list(places))

    def test_of_arrows(self):
        for path, included in {"train/upwards.cpp": "phase/store.h", "nn/beside.cpp": "data/batches.h",
                               "results/tools.cpp": "tools/report/table.h", "cli/run.cpp": "tools/report/table.h",
                               "cli/main.cpp": "cli/commands.h", "tools/export/graph.cpp": "tools/report/table.h",
                               "phase/unknown.cpp": "elsewhere/header.h", "results/shown.cpp": "display/format.h",
                               "include/senet/a.h": "nn/recording.h", "images/beside.cpp": "kernels/rectify.h",
                               "images/not_base.cpp": "config/document.h"}.items():
            self.write(f"core/{path}", f'#pragma once\n#include "{included}"\n')
        for path, included in {"train/down.cpp": "nn/recording.h", "train/own.cpp": "train/sgd.h",
                               "kernels/down.cpp": "device/kernel.h", "data/base.cpp": "images/decode.h",
                               "cli/tools/a.cpp": "tools/report/table.h", "tools/report/a.cpp": "display/format.h",
                               "tools/measure/a.cpp": "tools/export/graph.h",
                               "storage/sdk.cpp": "senet/error.h"}.items():
            self.write(f"core/{path}", f'#include "{included}"\n')
        self.finds(sources.wrong_arrows, "core/cli/main.cpp:2", "core/cli/run.cpp:2", "core/images/beside.cpp:2",
                   "core/images/not_base.cpp:2", "core/include/senet/a.h:2",
                   "core/nn/beside.cpp:2", "core/phase/unknown.cpp:2", "core/results/shown.cpp:2",
                   "core/results/tools.cpp:2", "core/tools/export/graph.cpp:2", "core/train/upwards.cpp:2")

    def test_of_plugins(self):
        self.write("plugins/models/a/a.cpp", '#include "a.h"\n#include "senet/network.h"\n#include "nn/recording.h"\n')
        self.write("plugins/models/a/a.h", '#include "models/b/b.h"\n')
        self.write("plugins/models/b/b.h", "")
        self.finds(sources.wrong_plugins, "plugins/models/a/a.cpp:3", "plugins/models/a/a.h:1")

    def test_of_spellings(self):
        for path in ("include/senet/a.h", "senet/a.h", "nn/a.h"):
            self.write(f"core/{path}", "")
        self.finds(sources.shared_spellings, "core/senet/a.h")

    def test_of_names(self):
        for file in ("results/a.cpp", "method/a.cpp"):
            self.write(f"core/{file}", 'a == "mask";\n"snl" != b;\nc == "masks";\nd("mask");\n')
        self.finds(sources.compared_names, "core/results/a.cpp:1", "core/results/a.cpp:2")

    def test_of_keys(self):
        self.write("core/tools/a.cpp", 'a.at("phases");\nb["curves"].size();\nc["curves"] = d;\ne.at("environment");\n'
                                       'f["curves"] == g;\n')
        self.write("core/phase/record.cpp", 'a.at("phases");\n')
        self.finds(sources.results_read_by_key, "core/tools/a.cpp:1", "core/tools/a.cpp:2", "core/tools/a.cpp:5")

    def test_of_lines(self):
        for uncounted in ("cli/a.cpp", "include/senet/a.h"):
            self.write(f"core/{uncounted}", "\n" * 20000)
        self.write("core/nn/a.cpp", "\n" * sources.MOST_LINES_OF_CORE)
        self.write("core/kernels/a.cu", "\n" * sources.MOST_LINES_OF_BASE)
        self.finds(sources.too_many_lines)
        self.write("core/nn/b.h", "\n")
        self.finds(sources.too_many_lines, "senet_core")
        self.write("core/storage/b.h", "\n")
        self.finds(sources.too_many_lines, "senet_base", "senet_core")

    def test_of_functions(self):
        body = lambda lines, before="": (before + "  a();\n") * lines
        self.write("core/nn/a.cpp", "namespace {\nint f() {\n" + body(80) + "}\nint g(int x,\n      int y) {\n" +
                   body(81) + "}\n}\nstruct S {\n  int h() {\n" + body(81, "  ") + "  }\n" + body(90) + "};\n")
        self.write("scripts/a", "#!/usr/bin/env python3\ndef f():\n" + "    a()\n" * 81)
        self.finds(sources.long_functions, "core/nn/a.cpp:85", "core/nn/a.cpp:170", "scripts/a:2")

    def test_of_readmes(self):
        self.write("README.md", "<!-- a\nb -->\n" + "\n" * 119 + "é" * 120 + "\n")
        self.finds(sources.long_readme)
        self.write("README.md", "\n" * 120 + "é" * 121 + "\n")
        self.finds(sources.long_readme, "README.md:121", "README.md")

    def test_of_links(self):
        self.write("README.md", "[a](core)\n[b](core/none.md#c) [d](https://e.f/g) ![h](core/README.md#i)\n")
        self.write("core/README.md", "[a](README.md)\n[up](../LICENSE)\n")
        self.finds(sources.dead_links, "README.md:2", "core/README.md:2")

    def test_of_paths(self):
        for place, path in (("a", "data/cifar"), ("b", "/usr/share/datasets/x"), ("c", "/home/somebody/cifar")):
            self.write(f"results/{place}/r.json", '{\n"dataset.path": "' + path + '",\n"note": "/home"}\n')
        self.finds(sources.paths_of_a_machine, "results/c/r.json:2")


unittest.main()
