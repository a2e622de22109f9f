"""What the page of numbers is made of: charts, words, what is selected."""
