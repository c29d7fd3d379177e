from tests.unit.deploy.test_gate import HONEST

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.codec import decode
from sluiceway.deploy.kept_report import keep_report


def test_a_report_is_found_by_its_content_id():
    objects = ObstoreObjects.memory()
    assert keep_report(HONEST, objects=objects) == f"rollouts/canaries/{HONEST.content_id}.json"
    assert decode(CanaryReport, objects.get(f"rollouts/canaries/{HONEST.content_id}.json")) == HONEST
