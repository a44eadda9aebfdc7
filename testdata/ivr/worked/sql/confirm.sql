UPDATE visits SET confirmed = true WHERE id = :visit
