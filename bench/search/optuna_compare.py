"""Optuna's samplers on the tables that `nasoa bench search` takes, with the same measure, for a comparison side by side.

    python -m venv .venv && .venv/bin/pip install optuna
    .venv/bin/python bench/search/optuna_compare.py --table cifar10.json --maximize mean_acc --minimize flops --checkpoints 50,100,200,500
    .venv/bin/python bench/search/optuna_compare.py --table t.csv --genes k,e,d --maximize top1 --minimize ms --sampler tpe

Measure: hypervolume of the rows evaluated so far; cost and error scaled to the range of the whole table; reference (1, 1). Rows are
evaluated without replacement: a proposal that is no row, or a row evaluated before, counts nothing, and the nearest row by Hamming
distance not yet evaluated takes its place; the sampler is told that row's values as the outcome of its proposal. In a complete table a
repeated proposal is told its known values at no cost first, up to 20 times in a row. Every gene is a categorical parameter.
"""

import argparse
import csv
import json
import statistics
from collections import defaultdict

import optuna

FREE_REPETITIONS = 20


def read_table(path, genes, maximize, minimize):
    if path.lower().endswith(".json"):
        with open(path, encoding="utf-8") as file:
            records = [(tuple(key), row) for key, row in json.load(file).items()]
    else:
        with open(path, encoding="utf-8-sig", newline="") as file:
            records = [(tuple(row[gene] for gene in genes), row) for row in csv.DictReader(file)]
    grouped = defaultdict(list)
    for key, row in records:
        grouped[key].append((float(row[maximize]), float(row[minimize])))
    return {key: tuple(statistics.fmean(column) for column in zip(*values)) for key, values in grouped.items()}


def create_measure(table):
    best, worst = max(v[0] for v in table.values()), min(v[0] for v in table.values())
    cheapest, dearest = min(v[1] for v in table.values()), max(v[1] for v in table.values())

    def measure(evaluated):
        points = sorted(((cost - cheapest) / (dearest - cheapest), (best - value) / (best - worst)) for value, cost in evaluated)
        area, lowest = 0.0, 1.0
        for x, y in points:
            if y < lowest:
                area += (1 - x) * (lowest - y)
                lowest = y
        return area

    return measure


def create_sampler(name, seed):
    return {
        "nsga2": lambda: optuna.samplers.NSGAIISampler(seed=seed),
        "nsga2-40": lambda: optuna.samplers.NSGAIISampler(seed=seed, population_size=40),
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
    }[name]()


def run(table, sampler, checkpoints):
    genes = list(zip(*table))
    values = [sorted(set(column)) for column in genes]
    size = 1
    for column in values:
        size *= len(column)
    is_complete = size == len(table)
    rows = list(table)
    measure = create_measure(table)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    evaluated, trace, repetitions = {}, [], 0
    while len(evaluated) < checkpoints[-1]:
        trial = study.ask()
        proposal = tuple(trial.suggest_categorical(f"g{i}", column) for i, column in enumerate(values))
        if is_complete and proposal in evaluated and repetitions < FREE_REPETITIONS:
            repetitions += 1
            study.tell(trial, list(table[proposal]))
            continue
        repetitions = 0
        row = proposal
        if row not in table or row in evaluated:
            left = (candidate for candidate in rows if candidate not in evaluated)
            row = min(left, key=lambda candidate: sum(a != b for a, b in zip(candidate, proposal)))
        evaluated[row] = table[row]
        study.tell(trial, list(table[row]))
        if len(evaluated) in checkpoints:
            trace.append(measure(evaluated.values()))
    return trace


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True)
    parser.add_argument("--genes", default="")
    parser.add_argument("--maximize", required=True)
    parser.add_argument("--minimize", required=True)
    parser.add_argument("--checkpoints", default="50,100,200,500")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0, help="for running the seeds in pieces")
    parser.add_argument("--sampler", default="default", choices=["default", "nsga2", "nsga2-40", "tpe", "random"])
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    default = {"TPESampler": "tpe", "NSGAIISampler": "nsga2"}[
        type(optuna.create_study(directions=["maximize", "minimize"]).sampler).__name__
    ]
    name = default if arguments.sampler == "default" else arguments.sampler
    table = read_table(arguments.table, arguments.genes.split(","), arguments.maximize, arguments.minimize)
    checkpoints = sorted({int(count) for count in arguments.checkpoints.split(",")})
    runs = [run(table, create_sampler(name, seed), checkpoints) for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)]
    rows = [
        {"evaluations": count, "mean": statistics.fmean(column), "std": statistics.pstdev(column), "perSeed": list(column)}
        for count, column in zip(checkpoints, zip(*runs))
    ]
    print(json.dumps({"optuna": optuna.__version__, "sampler": name, "hypervolume": rows}))


if __name__ == "__main__":
    main()
