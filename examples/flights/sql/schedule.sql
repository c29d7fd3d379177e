-- One row per scheduled flight: what the timetable says, long before departure.
-- Departure is New York time (time_hour is its UTC hour); arrival clock times are local to the destination.
WITH flight AS (
    SELECT
        printf('%04d-%02d-%02d/%s/%d/%s/%s/%04d', f.year, f.month, f.day, f.carrier, f.flight, f.origin, f.dest, f.sched_dep_time) AS flight_id,
        f.carrier, f.flight, f.origin, f.dest,
        nullif(f.tailnum, 'NA') AS tailnum,
        f.distance,
        f.time_hour + to_minutes(f.minute) AS scheduled_departure,
        to_minutes((f.sched_arr_time // 100) * 60 + f.sched_arr_time % 100) AS arrival_clock,
        coalesce(a.tzone, 'America/Puerto_Rico') AS zone             -- SJU, BQN, STT, PSE have no airport row
    FROM raw_flights f
    LEFT JOIN airports a ON a.faa = f.dest
), candidate AS (
    SELECT *, (date_trunc('day', scheduled_departure AT TIME ZONE zone) + arrival_clock) AS arrives_local
    FROM flight
)
SELECT
    flight_id, carrier, flight, origin, dest, tailnum, distance, scheduled_departure,
    CASE WHEN arrives_local AT TIME ZONE zone > scheduled_departure
         THEN arrives_local AT TIME ZONE zone
         ELSE (arrives_local + INTERVAL 1 DAY) AT TIME ZONE zone     -- lands after midnight
    END AS scheduled_arrival
FROM candidate
