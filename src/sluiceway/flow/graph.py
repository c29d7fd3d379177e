"""The graph: every node of every stage, in the order in which work flows."""

from sluiceway.flow.deploy_node import DEPLOY
from sluiceway.flow.features_node import FEATURES
from sluiceway.flow.ingest_node import INGEST
from sluiceway.flow.node import Node
from sluiceway.flow.observe_nodes import OBSERVE, REPLAY
from sluiceway.flow.spec_node import SPEC
from sluiceway.flow.train_nodes import BASELINE, EVALUATE, MODEL
from sluiceway.flow.validate_node import VALIDATE

GRAPH: tuple[Node, ...] = (SPEC, INGEST, VALIDATE, FEATURES, BASELINE, MODEL, EVALUATE, DEPLOY, REPLAY, OBSERVE)
