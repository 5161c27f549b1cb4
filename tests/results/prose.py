"""Figures in prose, computed again from the results that they are of. A comment behind a paragraph names these:

    <!-- from small/methods
    63.1      = SNL 5%
    6.7 ± 0.5 = SNL 5% − SENet 5%
    7,407     = ReLUs of SNL 15%
    0.01      is given
    from small/why
    66.6      = SNL, 64 epochs 5%
    -->

A line `from FOLDER` begins with the results of another experiment. A cell at a budget is its test accuracy in percent, the
mean over its seeds ± their standard deviation. A difference is paired over the seeds that both have, ± its standard error.
`A ÷ B` is the ratio of two means, `seed N of` a result's own.
QUANTITY `of` stands before what is not the accuracy (QUANTITIES below); `curve PHASE.NAME of` is a curve's last value in
percent, `cheetah rounds of` (MEASURED) what an engine took for an image after the first, `percent at the border of STAGE of`
how many of the ReLUs kept there stand in the outermost rows and columns, `hours of everything` what all phases of an
experiment took. `is given` says that no result decides a figure. Where a section has such a comment, each of its figures with
a decimal point needs a line."""

import functools
import json
import pathlib
import re
import statistics


QUANTITIES = {
    "accuracy": lambda result: 100 * result["result"]["accuracy"],
    "held-out accuracy": lambda result: 100 * result["result"]["held_out_accuracy"],
    "accuracy before fine-tuning": lambda result: 100 * result["result"]["accuracy_before_finetuning"],
    "teacher's accuracy": lambda result: 100 * result["teacher"]["accuracy"],
    "ReLUs": lambda result: result["result"]["relus"],
    "percent of ReLUs": lambda result: 100 * result["result"]["relus"] / result["model"]["relus"],
    "squares": lambda result: result["result"]["squares"],
    "thousands of passes": lambda result: sum(phase["image_passes"] for phase in result["phases"]) / 1e3,
    "passes behind the teacher": lambda result: sum(phase["image_passes"] for phase in result["phases"]
                                                       if phase["kind"] != "teacher"),
}
# Of one image after the first, both directions together.
MEASURED = {
    "MB": lambda measured: sum(measured["later"]["sent"]) / 1e6,
    "rounds": lambda measured: measured["later"]["rounds"],
    "bytes of a ReLU": lambda measured: sum(measured["cost"]["relu"]["sent"]) / measured["relus"],
}
COMMENT = re.compile(r"<!-- from (\S+)\n(.*?)-->", re.DOTALL)
HIDDEN = re.compile(r"<!-- table .*?<!-- end -->|```.*?```|`[^`\n]*`|\]\([^)]*\)|<!-- (?!from ).*?-->", re.DOTALL)
DECIMAL = re.compile(r"(?<![\d.])\d[\d,]*\.\d+(?![\d.]*\d)")


class Wrong(Exception):
    pass


@functools.lru_cache
def results_of(folder):
    found = {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}
    if not found:
        raise Wrong(f"no results in {folder}")
    for stem, result in found.items():
        result["masks"] = folder / f"{stem}.masks"
    for file in sorted(folder.glob("measured/*.json")):
        measured = json.loads(file.read_text())
        if measured["masking"] == "gather" and measured["width"] == 1:
            found[measured["run"].rpartition("/")[2]].setdefault("measured", {})[measured["protocol"]] = measured
    return list(found.values())


def percent_at_the_border(result, stage):
    """Of the ReLUs that the sites of a stage keep, those in the first or last row or column."""
    header, _, packed = result["masks"].read_bytes().partition(b"\n")
    at = border = kept = 0
    for name, (channels, height, width) in json.loads(header)["sites"]:
        for i in range(channels * height * width):
            row, column = divmod(i % (height * width), width)
            if name.startswith(stage + ".") and packed[(at + i) // 8] >> (at + i) % 8 & 1:
                kept += 1
                border += row in (0, height - 1) or column in (0, width - 1)
        at += channels * height * width
    return 100 * border / kept


def values_of(results, text):
    """By seed, what `QUANTITY of CELL BUDGET` is."""
    if match := re.fullmatch(r"seed (\d+) of (.+)", text):
        return values_of([result for result in results if result["seed"] == int(match[1])], match[2])
    quantity, cell = QUANTITIES["accuracy"], text
    if match := re.fullmatch(r"curve (\w+)\.(\w+) of (.+)", text):
        phase, name, cell = match.groups()
        quantity = lambda result: 100 * result["curves"][phase][name][-1]
    elif match := re.fullmatch(r"percent at the border of (\w+) of (.+)", text):
        stage, cell = match.groups()
        quantity = lambda result: percent_at_the_border(result, stage)
    elif match := re.fullmatch(rf"(cheetah|semi2k) ({'|'.join(MEASURED)}) of (.+)", text):
        protocol, name, cell = match.groups()
        results = [result for result in results if protocol in result.get("measured", {})]
        quantity = lambda result: MEASURED[name](result["measured"][protocol])
    elif match := re.fullmatch(rf"({'|'.join(QUANTITIES)}) of (.+)", text):
        quantity, cell = QUANTITIES[match[1]], match[2]
    label, _, budget = cell.rpartition(" ")
    found = {result["seed"]: quantity(result) for result in results
             if result["cell"]["label"] == label and result["budget"]["asked"] == budget}
    if not found:
        raise Wrong(f"no result of a cell '{label}' at a budget of '{budget}'")
    return found


def hours(results):
    """Of training, each phase once, however many results stand on it."""
    return sum({phase["key"]: phase["training_seconds"] for result in results for phase in result["phases"]}.values()) / 3600


def mean_and_spread(results, text):
    if text == "hours of everything":
        return hours(results), None
    if "÷" in text:
        means = [mean_and_spread(results, term.strip())[0] for term in text.split("÷")]
        return means[0] / means[1], None
    terms = [values_of(results, term.strip()) for term in text.split("−")]
    if len(terms) > 2:
        raise Wrong(f"'{text}' has more than one difference")
    values = [terms[0][seed] - (terms[1][seed] if len(terms) == 2 else 0)
              for seed in terms[0] if all(seed in term for term in terms)]
    if not values:
        raise Wrong(f"'{text}': no seed has both")
    if len(values) == 1:
        return values[0], None
    deviation = statistics.stdev(values)
    return statistics.fmean(values), deviation / len(values) ** 0.5 if len(terms) == 2 else deviation


def printed(value, like):
    """A value with the digits and the sign of the figure that stands in the text."""
    digits = len(like.partition(".")[2])
    return f"{value:{'+' if like[0] in '+−' else ''},.{digits}f}".replace("-", "−")


def wrong_claim(results, claim):
    """What is wrong with a line `FIGURE = WHAT`, or nothing."""
    figure, _, text = (part.strip() for part in claim.partition("="))
    mean, spread = mean_and_spread(results, text)
    parts = [part.strip() for part in figure.split("±")]
    computed = [printed(mean, parts[0])]
    if len(parts) == 2:
        if spread is None:
            raise Wrong(f"'{text}' has one value, and no ±")
        computed.append(printed(spread, parts[1]))
    return "" if computed == parts else f"is {' ± '.join(computed)} by the results"


def sections(text):
    return re.split(r"^(?=#)", text, flags=re.MULTILINE)


def wrong_figures(page, results):
    """Figures of a page that the results under a folder do not give, and figures that say not of what they are."""
    found = []
    for section in sections(HIDDEN.sub(" ", page)):
        begin = 0
        for comment in COMMENT.finditer(section):
            prose = " ".join(section[begin:comment.start()].split())
            begin = comment.end()
            claimed, folder = set(), comment[1]
            for claim in filter(None, map(str.strip, comment[2].splitlines())):
                if claim.startswith("from "):
                    folder = claim.removeprefix("from ")
                    continue
                given = claim.endswith("is given")
                figure = claim.removesuffix("is given").partition("=")[0].strip()
                claimed.update(DECIMAL.findall(figure))
                if not re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d]|[.,]\d)", prose):
                    found.append(f"'{claim}': the text above has no {figure}")
                    continue
                try:
                    if not given and (wrong := wrong_claim(results_of(results / folder), claim)):
                        found.append(f"'{claim}' {wrong}")
                except Wrong as error:
                    found.append(f"'{claim}': {error}")
            found += [f"{figure}: of what? No line of the comment behind it says so" for figure in DECIMAL.findall(prose)
                      if figure not in claimed]
        if begin:
            found += [f"{figure}: stands behind its section's last comment" for figure in DECIMAL.findall(section[begin:])]
    return found


def wrong_pages(root):
    """Of every README: one text an offence."""
    return [f"{page.relative_to(root)}: {wrong}" for page in [root / "README.md", *sorted((root / "results").rglob("*.md"))]
            for wrong in wrong_figures(page.read_text(), root / "results")]
