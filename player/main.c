#include <stdio.h>
int main(void)
{
    puts("duckling");
    return 0;
}
