-- One row per flight that left the gate (cancelled flights: no row). A flight that leaves early is known at its scheduled
-- departure, never before: else about half the flights would feed the windows of their own prediction.
SELECT s.flight_id, s.carrier, s.flight, s.origin, s.dest, s.tailnum, s.distance,
       f.dep_delay, CAST(f.dep_delay > 30 AS INTEGER) AS departed_late,
       s.scheduled_departure + to_minutes(greatest(f.dep_delay, 0)) AS departed_at
FROM raw_flights f
JOIN schedule s
  ON s.flight_id = printf('%04d-%02d-%02d/%s/%d/%s/%s/%04d', f.year, f.month, f.day, f.carrier, f.flight, f.origin, f.dest, f.sched_dep_time)
WHERE f.dep_delay IS NOT NULL
