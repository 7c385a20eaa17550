"""Options that several commands share, and the networks, plans and trainings they select."""
