UPDATE visits SET confirmed = 1 WHERE reference = :reference
