-- One row per purchase with what the customer had done by then. Windows look back over days only, never at the same one.
SELECT purchase_id, customer_id, purchased_at, number_of_cds, dollar_value,
       dense_rank() OVER customer AS shopping_days,
       CAST(epoch(purchased_at - first_value(purchased_at) OVER customer) / 86400 AS DOUBLE) AS days_a_customer,
       CAST(epoch(purchased_at - max(purchased_at) OVER before) / 86400 AS DOUBLE) AS days_since_last
FROM raw_purchases
WINDOW customer AS (PARTITION BY customer_id ORDER BY purchased_at),
       before AS (PARTITION BY customer_id ORDER BY purchased_at
                  RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 1 DAY PRECEDING)
