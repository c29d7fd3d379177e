-- One row per purchase: whether the customer came back on one of the 60 days after it, known the day after the last.
SELECT purchase_id, purchased_at + INTERVAL 61 DAY AS decided_at, count(*) OVER the_60_days > 0 AS came_back
FROM raw_purchases
WINDOW the_60_days AS (PARTITION BY customer_id ORDER BY purchased_at
                       RANGE BETWEEN INTERVAL 1 DAY FOLLOWING AND INTERVAL 60 DAY FOLLOWING)
