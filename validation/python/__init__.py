"""May an unfinished Python program go on so?"""
