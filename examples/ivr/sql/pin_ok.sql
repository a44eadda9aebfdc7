SELECT 1 AS ok FROM accounts WHERE number = :account AND pin = :pin
