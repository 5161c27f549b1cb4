#!/usr/bin/env python3
"""Holds the learning rates of experiments/small/cifar100.toml to those that held-out images chose in cifar100_rates.toml, and
shows that the check can fail. What was tried for which choice, `CELL, KEY and KEY`, paper_figures/rates.toml says."""

import json
import pathlib
import tempfile
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUDGET = "6200"


def value_in(study, label, key):
    """What a cell of an experiment sets a key to, by itself or by its section."""
    cell = next(cell for cell in study["cell"] if cell["label"] == label)
    for value in (cell, study):
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def wrong_choices(rates, study, results):
    """Of every choice whose trials have all finished: one text where the study names another value than the best trial's."""
    held_out, settings, tried = {}, {}, {}
    for result in map(json.loads, (file.read_text() for file in sorted(results.glob("*.json")))):
        if result["budget"]["asked"] == BUDGET:
            label = result["cell"]["label"]
            held_out[label], settings[label] = result["result"]["held_out_accuracy"], result["settings"]
    for entry in rates["choices"]:
        label, _, choice = entry.partition(": ")
        tried.setdefault(choice, []).append(label)
    found = []
    for choice, labels in tried.items():
        if not all(label in held_out for label in labels):
            continue
        cell, _, keys = choice.rpartition(", ")
        best = max(labels, key=held_out.get)  # of equal ones the first, as the table has it
        for key in keys.split(" and "):
            named = value_in(study, cell, key)
            if named != settings[best][key]:
                found.append(f"{cell}: {key} = {named}, and '{best}' is the best on held-out images, with {settings[best][key]}")
    return found


class Rates(unittest.TestCase):
    def test_are_those_that_held_out_images_chose(self):
        rates, study = (tomllib.loads((ROOT / file).read_text()) for file in ("paper_figures/rates.toml", "experiments/small/cifar100.toml"))
        wrong = wrong_choices(rates, study, ROOT / "results/small/cifar100_rates")
        self.assertFalse(wrong, "\n" + "\n".join(wrong))


class MadeUp(unittest.TestCase):
    """Two rates of a cell, tried at a budget; the higher accuracy at another budget is no trial."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.results = pathlib.Path(folder.name)
        for label, rate, held_out, budget in (("a 1", 0.1, 0.5, BUDGET), ("a 2", 0.2, 0.6, BUDGET), ("a 1", 0.1, 0.9, "18750")):
            (self.results / f"{label}-{budget}.json").write_text(json.dumps({
                "cell": {"label": label}, "budget": {"asked": budget}, "result": {"held_out_accuracy": held_out, "accuracy": 1 - held_out},
                "settings": {"mask.lr": rate, "finetune.lr": rate / 2}}))
        self.rates = {"choices": ["a 1: a, late, mask.lr", "a 2: a, late, mask.lr"]}

    def wrong(self, study):
        return wrong_choices(self.rates, study, self.results)

    def test_the_best_trial_is_named_by_the_cell_or_its_section(self):
        self.assertEqual([], self.wrong({"cell": [{"label": "a, late", "mask": {"lr": 0.2}}], "mask": {"lr": 0.1}}))
        self.assertEqual([], self.wrong({"cell": [{"label": "a, late"}], "mask": {"lr": 0.2}}))

    def test_another_value_is_wrong(self):
        said = "'a 2' is the best on held-out images, with 0.2"
        self.assertEqual([f"a, late: mask.lr = 0.1, and {said}"], self.wrong({"cell": [{"label": "a, late", "mask": {"lr": 0.1}}]}))
        self.assertEqual([f"a, late: mask.lr = None, and {said}"], self.wrong({"cell": [{"label": "a, late"}]}))

    def test_a_choice_may_be_of_two_keys(self):
        self.rates = {"choices": [entry + " and finetune.lr" for entry in self.rates["choices"]]}
        cell = {"label": "a, late", "mask": {"lr": 0.2}}
        self.assertEqual(["a, late: finetune.lr = 0.2, and 'a 2' is the best on held-out images, with 0.1"],
                         self.wrong({"cell": [cell], "finetune": {"lr": 0.2}}))
        self.assertEqual([], self.wrong({"cell": [cell], "finetune": {"lr": 0.1}}))

    def test_of_equal_trials_the_first_is_the_best(self):
        file = self.results / f"a 1-{BUDGET}.json"
        file.write_text(file.read_text().replace('"held_out_accuracy": 0.5', '"held_out_accuracy": 0.6'))
        self.assertIn("'a 1'", self.wrong({"cell": [{"label": "a, late", "mask": {"lr": 0.2}}]})[0])

    def test_a_choice_waits_for_all_its_trials(self):
        (self.results / f"a 1-{BUDGET}.json").unlink()
        self.assertEqual([], self.wrong({"cell": [{"label": "a, late"}]}))


if __name__ == "__main__":
    unittest.main()
