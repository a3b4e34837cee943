-- The words of every notification: {name} is a value of its data.

return {
  vote_counted = {
    subject = "Your vote for {title} was counted",
    text = "Hello {username},\n\nyour vote for {title} was counted in the ranking of {month}.\n",
  },
}
