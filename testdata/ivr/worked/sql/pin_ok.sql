SELECT 1 FROM pins WHERE account = :account AND pin = :pin
