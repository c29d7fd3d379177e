"""A column whose name JSON has to escape: learnt from, rehearsed and served like any other."""

import json

from tests.served_project import Project, Running

ODD = 'how "many"\\\tCDs'
SELECTED = 'SELECT *, 1 AS "{}" FROM raw_purchases'.format(ODD.replace('"', '""'))


def test_a_column_with_an_odd_name_is_served(fresh_shop):
    shop = fresh_shop
    shop.edit("pipeline.py", ('"SELECT * FROM raw_purchases"', repr(SELECTED)))
    shop.edit("spec.yaml", ("number_of_cds, dollar_value]", f"number_of_cds, dollar_value, {json.dumps(ODD)}]"))
    shop("run", "--until", "deploy", code=None)
    assert shop.gates(code=None)["deploy"]["verdict"] == "passed"
    stand = Project(shop.folder)
    process = stand.start()
    with process:
        server = Running(stand, process)
        server.wait_until_ready()
        asked = {"customer_id": 1, "purchased_at": "1998-06-15", "number_of_cds": 2, "dollar_value": 20, ODD: 2}
        said = server.ask(asked)
        server.stop()
    assert said.status == 200, said
