from typing import final

@final
class Form: ...
