"""Will this flight arrive more than 30 minutes late? Stages 2 to 5, declared; nothing here runs by itself."""

import sluiceway as sw

NEW_YORK = "at_zone(scheduled_departure, 'America/New_York')"

# ---- sources: what happened, and when one could first have known it
raw_flights = sw.Source("raw_flights", sw.files("data/flights.csv.zip"))
airports = sw.Source("airports", sw.files("data/airports.csv"), key="faa")

# one file, three facts, known at three times: the schedule long before, the departure, the landing
schedule = sw.Source(
    "schedule",
    sql="sql/schedule.sql",
    key="flight_id",
    event_time="scheduled_departure",
    known_time="scheduled_departure - interval 30 days",
    expectations=[
        sw.column("origin").one_of("EWR", "JFK", "LGA"),
        sw.column("distance").between(1, 6000),
        sw.column("carrier").matches("[A-Z0-9]{2}"),
        sw.column("tailnum").not_null(at_least=0.99),
        sw.row("scheduled_arrival > scheduled_departure"),
        sw.reference("dest", airports, at_least=0.97),  # four airports in the Caribbean have no row
        sw.fresh(within="2d"),
    ],
)
departures = sw.Source(
    "departures",
    sql="sql/departures.sql",
    key="flight_id",
    event_time="departed_at",
    expectations=[sw.column("dep_delay").between(-120, 2880)],
)
landings = sw.Source(
    "landings",
    sql="sql/landings.sql",
    key="flight_id",
    event_time="landed_at",
    expectations=[sw.column("arr_delay").between(-180, 2880), sw.column("arr_delay").mean_between(-10, 30)],
)
weather = sw.Source(
    "weather",
    sw.files("data/weather.csv"),
    key="origin",
    sql="sql/weather.sql",
    event_time="observed_at",
    known_time="observed_at + interval 1 hour",
    expectations=[
        sw.column("origin").one_of("EWR", "JFK", "LGA"),
        sw.column("temp").between(-30, 120, at_least=0.999),
        sw.column("temp").not_null(at_least=0.99),
        sw.fresh(within="2d"),
    ],
)

# ---- features: what is known of each airport, airline and aircraft just before a departure
origin_departures = sw.FeatureView(
    "origin_departures",
    entity="origin",
    source=departures,
    features=[
        sw.mean("dep_delay", over="30m"),
        sw.mean("dep_delay", over="1h"),
        sw.mean("departed_late", over="1h"),
        sw.count(over="1h"),
    ],
)
carrier_departures = sw.FeatureView(
    "carrier_departures",
    entity="carrier",
    source=departures,
    features=[sw.mean("dep_delay", over="1h"), sw.mean("dep_delay", over="3h"), sw.mean("dep_delay", over="24h")],
)
origin_landings = sw.FeatureView(
    "origin_landings",
    entity="origin",
    source=landings,
    features=[sw.mean("arr_delay", over="1h"), sw.mean("arr_delay", over="3h")],
)
dest_landings = sw.FeatureView(
    "dest_landings",
    entity="dest",
    source=landings,
    features=[sw.mean("arr_delay", over="3h"), sw.mean("arr_delay", over="24h")],
)
aircraft_landings = sw.FeatureView(  # an aircraft that has just landed far away cannot be back in time
    "aircraft_landings",
    entity="tailnum",
    source=landings,
    features=[
        sw.count(over="2h"),
        sw.count(over="4h"),
        sw.mean("arr_delay", over="12h"),
        sw.max("distance", over="6h"),
    ],
)
origin_weather = sw.FeatureView(
    "origin_weather",
    entity="origin",
    source=weather,
    ttl="3h",
    features=[sw.latest(name) for name in ("temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib")],
)
at_request = sw.RequestView(
    minute_of_day=f"hour({NEW_YORK}) * 60 + minute({NEW_YORK})",
    weekday=f"isodow({NEW_YORK})",
)


# ---- the model: any scikit-learn estimator that exports to ONNX
def late_arrival(trial):
    from lightgbm import LGBMClassifier
    from sklearn.pipeline import make_pipeline

    model = LGBMClassifier(
        n_estimators=trial.suggest_int("n_estimators", 100, 200),
        num_leaves=trial.suggest_int("num_leaves", 15, 63, log=True),
        learning_rate=trial.suggest_float("learning_rate", 0.03, 0.12, log=True),
        min_child_samples=trial.suggest_int("min_child_samples", 50, 800, log=True),
        colsample_bytree=trial.suggest_float("colsample_bytree", 0.4, 1.0),
    )
    return make_pipeline(sw.encode(drop=["tailnum"]), model)


pipeline = sw.Pipeline(
    spec="spec.yaml",
    views=[
        origin_departures,
        carrier_departures,
        origin_landings,
        dest_landings,
        aircraft_landings,
        origin_weather,
        at_request,
    ],
    label=sw.Label("late", landings, "arr_delay > 30", each=schedule, at="scheduled_departure", matures="36h"),
    model=late_arrival,
    search=sw.Search(trials=12, rows=50_000, folds=2),
    split=sw.Split(holdout="2013-09-01"),
)
