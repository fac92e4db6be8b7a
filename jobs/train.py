# SPDX-License-Identifier: Apache-2.0
"""Trains a model on what jobs/features.yml wrote: python jobs/train.py out/features

Reads the .npy files, trains on train, and says how good it is on test. With h5py the same stands in out/features.h5.
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score

stem = sys.argv[1]
X_train, y_train = np.load(f"{stem}.train.npy"), np.load(f"{stem}.train.y.npy")
X_test, y_test = np.load(f"{stem}.test.npy"), np.load(f"{stem}.test.y.npy")
names = json.load(open(f"{stem}.names.json"))

model = LogisticRegression(max_iter=1000).fit(X_train, y_train)
print(f"trained on {X_train.shape[0]:,} rows of {len(names)} features, tested on {X_test.shape[0]:,}")
print(f"accuracy {accuracy_score(y_test, model.predict(X_test)):.3f}, "
      f"always the more frequent answer {max(y_test.mean(), 1 - y_test.mean()):.3f}")
print(f"area under the curve {roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]):.3f}")
for weight, name in sorted(zip(model.coef_[0], names), key=lambda pair: -abs(pair[0]))[:5]:
    print(f"  {weight:+.2f} {name}")
