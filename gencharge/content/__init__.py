"""Pages, banners, questions and answers, and their pictures."""
