"""Formula to verdict: may it stand, or become one that may, where it stands?"""
