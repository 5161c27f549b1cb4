#!/usr/bin/env python3
"""Holds the figures in the pages' sentences to the results, and shows that each check can fail."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import prose

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Pages(unittest.TestCase):
    def test_figures_are_those_of_the_results(self):
        wrong = prose.wrong_pages(ROOT)
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_the_pages_that_tell_of_results_are_held(self):
        for page in ("README.md", "results/README.md", "results/small/README.md"):
            self.assertTrue(prose.COMMENT.search((ROOT / page).read_text()), page)


class MadeUp(unittest.TestCase):
    """Two cells, two seeds: 60 and 62 %, 50 and 56 %."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.results = pathlib.Path(folder.name)
        (self.results / "made").mkdir()
        for label, seed, accuracy in (("ours", 1, 0.6), ("ours", 2, 0.62), ("theirs, late", 1, 0.5), ("theirs, late", 2, 0.56)):
            (self.results / "made" / f"{label}-{seed}.json").write_text(json.dumps({
                "cell": {"label": label}, "seed": seed, "budget": {"asked": "5%"}, "teacher": {"accuracy": 0.7},
                "result": {"accuracy": accuracy, "relus": 3481}, "curves": {"mask": {"overlap_1": [0.1, 0.08]}},
                "phases": [{"key": "teacher", "kind": "teacher", "training_seconds": 1800, "image_passes": 1000},
                           {"key": f"{label}{seed}", "kind": "training", "training_seconds": 900,
                            "image_passes": 500 if label == "ours" else 400}]}))

        (self.results / "made/measured").mkdir()
        for masking, rounds in (("gather", 40), ("multiply", 90)):
            (self.results / "made/measured" / f"ours-2.{masking}.json").write_text(json.dumps({
                "run": "made/ours-2", "masking": masking, "width": 1, "protocol": "cheetah", "relus": 200,
                "later": {"sent": [1000000, 1500000], "rounds": rounds}, "cost": {"relu": {"sent": [300, 400]}}}))

    def wrong(self, text):
        return prose.wrong_figures(text, self.results)

    def claims(self, text, *claims):
        return self.wrong("\n".join([text, "<!-- from made", *claims, "-->"]))

    def test_means_differences_and_their_spreads(self):
        # The differences are 10 and 6: 8 ± √(8/2). The accuracies' deviations are √2 and √18.
        self.assertEqual([], self.claims(
            "Ours has 61.0 ± 1.4, theirs 53.00 ± 4.24: +8.0 ± 2.0, or 8 points; −8.0 the other way round, of 70.0.",
            "61.0 ± 1.4 = ours 5%", "53.00 ± 4.24 = theirs, late 5%", "+8.0 ± 2.0 = ours 5% − theirs, late 5%",
            "8 = ours 5% − theirs, late 5%", "−8.0 = theirs, late 5% − ours 5%", "70.0 = teacher's accuracy of ours 5%"))

    def test_other_quantities(self):
        # Four phases of a quarter of an hour, and a teacher of half an hour that all of them share.
        self.assertEqual([], self.claims(
            "It kept 3,481 ReLUs, of them 8.0 % twice, in 1.5 passes and 1.50 hours, 1.25 times theirs, at a rate of 0.01.",
            "3,481 = ReLUs of ours 5%", "8.0 = curve mask.overlap_1 of ours 5%", "1.5 = thousands of passes of ours 5%",
            "1.50 = hours of everything", "0.01 is given",
            "1.25 = passes behind the teacher of ours 5% ÷ passes behind the teacher of theirs, late 5%"))

    def test_one_seed_by_itself(self):
        self.assertEqual([], self.claims("56.0, 8 % again, 6 points", "56.0 = seed 2 of theirs, late 5%",
                                         "8 = seed 1 of curve mask.overlap_1 of ours 5%",
                                         "6 = seed 2 of ours 5% − seed 2 of theirs, late 5%"))

    def test_what_an_engine_took(self):
        self.assertEqual([], self.claims("2.5 MB, 40 rounds, 3.5 bytes", "2.5 = cheetah MB of ours 5%",
                                         "40 = cheetah rounds of ours 5%", "3.5 = cheetah bytes of a ReLU of ours 5%"))
        self.assertEqual(["'2.5 = semi2k MB of ours 5%': no result of a cell 'ours' at a budget of '5%'"],
                         self.claims("2.5", "2.5 = semi2k MB of ours 5%"))

    def test_where_masks_keep_relus(self):
        # A stem of 1×2×2 that keeps all; a stage of 1×3×3 that keeps its middle and two corners.
        for seed in (1, 2):
            (self.results / f"made/ours-{seed}.masks").write_bytes(
                b'{"sites":[["relu",[1,2,2]],["layer1.0.relu1",[1,3,3]]]}\n' + bytes([0b00011111, 0b00010001]))
        self.assertEqual([], self.claims("66.7 %", "66.7 = percent at the border of layer1 of ours 5%"))

    def test_a_figure_that_the_results_do_not_give(self):
        self.assertEqual(["'61.1 = ours 5%' is 61.0 by the results"], self.claims("61.1", "61.1 = ours 5%"))
        self.assertEqual(["'61.0 ± 1.5 = ours 5%' is 61.0 ± 1.4 by the results"], self.claims("61.0 ± 1.5", "61.0 ± 1.5 = ours 5%"))
        self.assertEqual(["'8.0 = theirs, late 5% − ours 5%' is −8.0 by the results"],
                         self.claims("8.0", "8.0 = theirs, late 5% − ours 5%"))

    def test_figures_of_two_experiments_in_one_paragraph(self):
        (self.results / "more").mkdir()
        (self.results / "more/one.json").write_text(json.dumps({
            "cell": {"label": "ours"}, "seed": 1, "budget": {"asked": "5%"}, "result": {"accuracy": 0.7}}))
        text, claims = "Ours has 61.0, and 70.0 there.", ("61.0 = ours 5%", "from more", "70.0 = ours 5%")
        self.assertEqual([], self.claims(text, *claims))
        self.assertEqual(1, len(self.claims(text, claims[0], claims[2])))

    def test_a_figure_that_stands_nowhere(self):
        self.assertEqual(["'61.0 = ours 5%': the text above has no 61.0"], self.claims("161.0 or 61.00 or 61.0.1 is given",
                         "61.0 = ours 5%", "161.0 is given", "61.00 is given"))

    def test_a_figure_without_a_source(self):
        self.assertEqual(["53.0: of what? No line of the comment behind it says so"],
                         self.claims("61.0 and\n53.0", "61.0 = ours 5%"))
        self.assertEqual(["53.0: stands behind its section's last comment"],
                         self.wrong("61.0\n<!-- from made\n61.0 = ours 5%\n-->\n53.0\n# Next\n12.5"))

    def test_tables_code_and_links_are_not_prose(self):
        self.assertEqual([], self.claims("61.0 `1.5` [x](y2.5)\n<!-- table a -->\n3.5\n<!-- end -->\n```\n4.5\n```", "61.0 = ours 5%"))

    def test_a_cell_that_is_not_there(self):
        self.assertEqual(["'1.0 = ours 6%': no result of a cell 'ours' at a budget of '6%'"], self.claims("1.0", "1.0 = ours 6%"))


if __name__ == "__main__":
    unittest.main()
