"""Which columns of which tables hold ids."""

# Columns of a customers file that are ids, beside its ``id:`` columns.
CUSTOMER_IDS = {"email": "email", "phone": "phone", "maid": "maid"}
# Tables whose rows hold a unified id, and when the row happened.
UNIFIED = {
    "touchpoints": "timestamp", "conversions": "timestamp", "customers": "customer_since",
    "observations": "enter", "assignments": "assigned_at",
}  # fmt: skip
