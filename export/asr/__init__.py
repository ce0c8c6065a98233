"""Recognition: the log-mel front end and acoustic models of the QuartzNet and Jasper kind."""
