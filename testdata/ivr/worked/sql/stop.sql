INSERT INTO stop (number) VALUES (:number)
