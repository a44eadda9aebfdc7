select 1 as ok from accounts where number = :account and pin = :pin
