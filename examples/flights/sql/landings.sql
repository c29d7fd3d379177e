-- One row per flight that landed, known when it landed. Cancelled and diverted flights have no arr_delay: no row.
-- Reads the schedule, so that both facts agree on the key and on the scheduled arrival.
SELECT s.flight_id, s.carrier, s.flight, s.origin, s.dest, s.tailnum, s.distance,
       f.arr_delay,
       s.scheduled_arrival + to_minutes(f.arr_delay) AS landed_at
FROM raw_flights f
JOIN schedule s
  ON s.flight_id = printf('%04d-%02d-%02d/%s/%d/%s/%s/%04d', f.year, f.month, f.day, f.carrier, f.flight, f.origin, f.dest, f.sched_dep_time)
WHERE f.arr_delay IS NOT NULL
