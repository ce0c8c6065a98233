"""Recognition: the log-mel front end and the convolutional acoustic models of the QuartzNet and Jasper kind."""
