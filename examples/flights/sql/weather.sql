-- One row per airport and hour. (origin, time_hour) is unique; (origin, year, month, day, hour) is not: the clocks go back in November.
SELECT origin, time_hour AS observed_at,
       temp, dewp, humid, wind_dir, wind_speed, wind_gust, precip, pressure, visib
FROM weather
