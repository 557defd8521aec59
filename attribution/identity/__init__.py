"""Identity: ids of many kinds into one ``customer_id`` that stays the same from run to run."""
