"""Save LightGBM's text file as two MLflow models, without and with a signature. Runs in MLflow's environment.

    python serving_mlflow.py MODEL.txt FOLDER

With a signature, MLflow checks each request against it; without, rows go to the model as they came.
"""

import sys
from pathlib import Path

import lightgbm
import mlflow
import pandas as pd
from mlflow.models import infer_signature


def main() -> None:
    booster, folder = lightgbm.Booster(model_file=sys.argv[1]), Path(sys.argv[2])
    row = pd.DataFrame([[0.5] * booster.num_feature()], columns=booster.feature_name())
    signatures = {"plain": None, "checked": infer_signature(row, booster.predict(row))}
    for name, signature in signatures.items():
        mlflow.lightgbm.save_model(booster, folder / name, signature=signature, pip_requirements=["lightgbm"])


if __name__ == "__main__":
    main()
